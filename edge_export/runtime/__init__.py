"""Runs a bundle with numpy and onnxruntime alone: in the centre and on a gateway beside the machine."""
