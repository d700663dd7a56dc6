"""Faces: pictures and videos to aligned faces, and the network that reads them."""
