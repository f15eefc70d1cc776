"""A generated world of scenes: grids, charts, shapes, triangles."""
