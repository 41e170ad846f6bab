# Two stages: the first installs the pinned packages and the wheel into /opt/tagwire, the second
# takes that folder and nothing else. To pin the base image by digest see docs/how-to/deploy.md.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv --without-pip /opt/tagwire
COPY requirements.txt ./
RUN python -m pip --python /opt/tagwire/bin/python install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
# The build back end is needed for the wheel only, and leaves again before the folder is copied.
RUN python -m pip --python /opt/tagwire/bin/python install --no-deps --no-build-isolation . && \
    python -m pip --python /opt/tagwire/bin/python uninstall --yes \
        editables hatchling pathspec pluggy tomlkit trove-classifiers && \
    /opt/tagwire/bin/tagwire --help > /dev/null

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Tagwire" \
      org.opencontainers.image.description="A Discord bot that gives a community a news archive" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin tagwire && \
    install --directory --owner tagwire --group tagwire --mode 0700 /data
COPY --from=build /opt/tagwire /opt/tagwire
COPY --chmod=0755 deploy/start /usr/local/bin/start
ENV PATH="/opt/tagwire/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TAGWIRE_DATA=/data \
    TAGWIRE_LOG_FORMAT=json \
    TAGWIRE_METRICS_PORT=9464
USER 10001
WORKDIR /data
VOLUME ["/data"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
ENTRYPOINT ["start"]
CMD ["run"]
