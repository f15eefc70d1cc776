# The pipeline's environment: everything but vLLM, whose process runs in containers/vllm.Dockerfile.
#   docker build -f containers/pipeline.Dockerfile -t passk .
#   docker run --rm -it -v "$PWD":"$PWD" -w "$PWD" passk snakemake --cores 4
FROM python:3.11-slim-bookworm

ENV DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1
# git: runs are recorded by commit. bubblewrap: programs of the code domain are judged in it.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git make bubblewrap \
 && rm -rf /var/lib/apt/lists/*

COPY constraints.txt /opt/passk/
RUN python3 -m pip install --constraint /opt/passk/constraints.txt torch==2.13.0
COPY pyproject.toml README.md LICENSE /opt/passk/
COPY src /opt/passk/src
RUN python3 -m pip install --constraint /opt/passk/constraints.txt '/opt/passk[training]' \
 && python3 -m pip uninstall --yes torchvision torchaudio torchcodec

CMD ["passk", "--help"]
