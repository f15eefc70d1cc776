// Touching a number shows the row it comes from, for readers without a pointer.
const shown = document.getElementById("source");
document.addEventListener("click", (event) => {
  const number = event.target.closest("data[data-source]");
  shown.hidden = !number;
  if (!number) return;
  const code = document.createElement("code");
  code.textContent = "passk explain " + number.dataset.source;
  shown.replaceChildren(number.dataset.column + " = " + number.value + " ", code);
});
