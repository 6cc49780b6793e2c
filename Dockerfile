# syntax=docker/dockerfile:1
# Three images from one file: `bot` serves and holds no torch, `actions` is the action server, `trainer` makes bundles.
#   docker build --target bot -t frontdesk-bot .
# Nothing secret is copied or set here: secrets arrive as environment variables when a container starts.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS python
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# --- What all three are built from -------------------------------------------------------------------------------
FROM python AS source
RUN python -m venv /opt/frontdesk
ENV PATH=/opt/frontdesk/bin:$PATH
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY nlu nlu
COPY retrieval retrieval
COPY bot bot
COPY training training
COPY actions actions

FROM source AS build-bot
RUN --mount=type=cache,target=/root/.cache/pip pip install ".[cpu,postgres]"

FROM source AS build-actions
RUN --mount=type=cache,target=/root/.cache/pip pip install ".[cpu,actions]"

FROM source AS build-trainer
# Which torch: an empty TORCH_INDEX takes the package index's own build, which on Linux x86-64 carries CUDA. Give the
# address of PyTorch's CPU index for an image several gigabytes smaller.
ARG TORCH="torch>=2.5,<3"
ARG TORCH_INDEX=""
RUN --mount=type=cache,target=/root/.cache/pip pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$TORCH"
RUN --mount=type=cache,target=/root/.cache/pip pip install ".[cpu,postgres,actions,train]"

# --- What all three run in: an unprivileged user and one writable folder ---------------------------------------------
FROM python AS runtime
RUN groupadd --gid 10001 frontdesk \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/frontdesk --shell /usr/sbin/nologin frontdesk \
    && install -d -o 10001 -g 10001 /var/lib/frontdesk /project
ENV PATH=/opt/frontdesk/bin:$PATH \
    HOME=/var/lib/frontdesk \
    FRONTDESK_HOME=/var/lib/frontdesk \
    HF_HUB_OFFLINE=1 \
    ORT_DISABLE_TELEMETRY=1 \
    TOKENIZERS_PARALLELISM=false
WORKDIR /var/lib/frontdesk
VOLUME ["/project", "/var/lib/frontdesk"]
USER 10001:10001

FROM runtime AS actions
COPY --from=build-actions /opt/frontdesk /opt/frontdesk
ENV FRONTDESK_BUNDLE=/var/lib/frontdesk/bundles
EXPOSE 5055
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:5055/health', timeout=3)"]
CMD ["python", "-m", "actions", "--host", "0.0.0.0", "--port", "5055"]

FROM runtime AS trainer
COPY --from=build-trainer /opt/frontdesk /opt/frontdesk
CMD ["frontdesk", "learn", "/project"]

# Last, so that a build without a target makes the image that serves.
FROM runtime AS bot
COPY --from=build-bot /opt/frontdesk /opt/frontdesk
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health/ready', timeout=3)"]
CMD ["frontdesk", "serve", "/project", "--host", "0.0.0.0", "--port", "8080"]
