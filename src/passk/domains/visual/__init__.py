"""Questions about images, judged by the type of their answer."""
