# vLLM's environment on a machine with NVIDIA GPUs: what the `vllm` engine's process runs in.
#   docker build -f containers/vllm.Dockerfile -t passk-vllm .
#   machine.yaml: engines: {vllm: {container: "docker run --rm -i --gpus all --ipc host
#                   -v {folder}:{folder} -w {folder} passk-vllm"}}
# Build it again after an update of passk: a process of another version is refused.
FROM nvidia/cuda:13.0.1-devel-ubuntu24.04

ENV DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 PATH=/opt/vllm/bin:$PATH
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-dev python3-venv gcc g++ \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/vllm

# Dependencies first: they change less often than passk.
COPY constraints-vllm.txt /opt/passk/
RUN python3 -m pip install --constraint /opt/passk/constraints-vllm.txt \
      torch==2.13.0 vllm==0.31.0 trl==1.16.0 peft==0.21.2 accelerate datasets \
      polars pydantic ruamel.yaml
COPY pyproject.toml README.md LICENSE /opt/passk/
COPY src /opt/passk/src
RUN python3 -m pip install --no-deps /opt/passk

CMD ["python3", "-m", "passk.sampling.engines.vllm_server"]
