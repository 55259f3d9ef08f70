"""The tables of four sources, typed from the sources themselves and not from the data."""

GPT2 = """
1 | nogds | 16 | 16MB | default | 1.91 | 0.268 | Baseline test
2 | nogds | 32 | 32MB | default | 2.07 | 0.246 | Higher threads/buffer
3 | nogds | 8 | 8MB | default | 2.10 | 0.243 | Lower threads/buffer
4 | mmap | N/A | N/A | default | 1.01 | 0.505 | Memory-mapped
5 | nogds | 32 | 32MB | cache-drop | 1.24 | 0.410 | Cold cache test
6 | nogds | 32 | 32MB | F16 dtype | 0.77 | 0.332 | With type conversion
8 | nogds | 16 | 16MB | optimal | 2.62 | 0.195 | Best config
"""
GPT2_MEDIUM = """
9 | nogds | 16 | 16MB | 160MB | 6.02 | 0.235 | Optimal config
10 | mmap | N/A | N/A | N/A | 1.28 | 1.104 | Memory-mapped
11 | nogds | 32 | 32MB | 160MB | 5.34 | 0.265 | Higher threads
"""
METHODS = {"nogds": "fastsafetensors-nogds", "mmap": "safetensors-mmap"}

STREAMER, HUGGING_FACE, TENSORIZER = "runai-streamer", "safetensors", "tensorizer"
APPENDIX_A = {
    STREAMER: {1: "47.56", 4: "14.43", 8: "14.42", 16: "14.34"},
    HUGGING_FACE: {None: "47.99"},
    TENSORIZER: {1: "50.74", 4: "17.38", 8: "16.49", 16: "16.11", 32: "17.18", 64: "16.44", 100: "16.81"},
}
APPENDIX_B = {
    STREAMER: {1: "43.71", 4: "11.19", 8: "7.53", 16: "7.61", 20: "7.62"},
    HUGGING_FACE: {None: "47"},
    TENSORIZER: {1: "43.85", 4: "14.44", 8: "10.36", 16: "10.61", 32: "10.95"},
}
APPENDIX_C = {
    STREAMER: {4: "28.24", 16: "8.45", 32: "4.88", 64: "5.01"},
    TENSORIZER: {8: "86.05", 16: "37.36", 32: "48.67", 64: "41.49", 80: "41.43"},
}
APPENDIX_D = [
    ("EBS gp3", HUGGING_FACE, "66.13"),
    ("EBS gp3", STREAMER, "35.08"),
    ("EBS gp3", TENSORIZER, "36.19"),
    ("EBS io2", HUGGING_FACE, "62.69"),
    ("EBS io2", STREAMER, "28.28"),
    ("EBS io2", TENSORIZER, "30.88"),
    ("S3", STREAMER, "23.18"),
    ("S3", TENSORIZER, "65.18"),
]

DEEPSEEK_R1 = [
    ("vllm:safetensors", "cold", "486"),
    ("vllm:safetensors", "warm", "80"),
    ("vllm:fastsafetensors", "cold", "65"),
    ("vllm:fastsafetensors", "warm", "37"),
]

INSTANTTENSOR = """
Qwen3-30B-A3B | 1x H200 | 57.4 1.07 | 22.2 2.75 | 9.29 6.57 | 1.77 34.5
DeepSeek-R1 | 8x H200 | 160 4.30 | 75.8 9.08 | 101 6.82 | 192 3.59 | 15.3 45.0
"""
INSTANTTENSOR_TMPFS = """
Qwen3-30B-A3B | 1x H200 | 12.7 4.81 | 16.7 3.66 | 8.21 7.44 | 1.26 48.5
DeepSeek-R1 | 8x H200 | 22.6 30.5 | 63.4 10.9 | 79.8 8.63 | 156 4.41 | 12.1 56.9
"""
