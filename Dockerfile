# syntax=docker/dockerfile:1
# One image for the server and for workers. An application goes on top of it: see docs/how-to/deploy-the-service.md.

FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/dev.txt requirements/
# The versions that the tests ran with, without their hashes: pip takes those for a whole set of packages only.
RUN sed -E '/^ +--hash=/d; s/ \\$//' requirements/dev.txt > constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN python -m venv /opt/headrace \
    && /opt/headrace/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt \
        ".[cli,server,postgres,metrics]" \
    && /opt/headrace/bin/pip uninstall --yes --quiet pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="headrace" \
      org.opencontainers.image.licenses="Apache-2.0"
# Numbers, so that Kubernetes can tell that the user is not root.
RUN groupadd --system --gid 10001 headrace \
    && useradd --system --uid 10001 --gid headrace --no-create-home --home-dir /srv/app headrace \
    && mkdir -p /srv/app /data \
    && chown headrace:headrace /data
COPY --from=build /opt/headrace /opt/headrace
ENV PATH="/opt/headrace/bin:$PATH" \
    PYTHONPATH=/srv/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HEADRACE_SERVER_HOST=0.0.0.0 \
    HEADRACE_SERVER_PORT=8080
WORKDIR /srv/app
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# A worker with --metrics-host 0.0.0.0 --metrics-port 8080 answers the same question.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live', timeout=2)"]
# In exec form, so that SIGTERM reaches headrace and it lets requests and jobs finish.
ENTRYPOINT ["headrace"]
CMD ["server"]
