"""The generated world of pictures: four items with a colour and a value, read and rearranged."""
