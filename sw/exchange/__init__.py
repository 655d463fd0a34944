"""Exchange of networks with other tools: ONNX files of quantized networks, in and out."""
