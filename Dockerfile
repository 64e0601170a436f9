# syntax=docker/dockerfile:1
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt hatch_build.py package.json package-lock.json .npmrc README.md LICENSE ./
COPY app app
COPY templates templates
COPY static static
RUN python -m venv /opt/sandtable \
 && /opt/sandtable/bin/pip install --no-cache-dir -c constraints.txt --upgrade pip \
 && /opt/sandtable/bin/pip install --no-cache-dir -c constraints.txt --build-constraint constraints.txt .

FROM python:3.12-slim-bookworm
# mongod links to libcurl; everything else comes with the wheels.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcurl4=7.88.* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --user-group --uid 10001 --create-home --home-dir /var/lib/sandtable sandtable
COPY --from=build /opt/sandtable /opt/sandtable
COPY infra/app/healthcheck.py /opt/sandtable/healthcheck.py
ENV PATH=/opt/sandtable/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SANDTABLE_HOST=0.0.0.0 \
    SANDTABLE_DATA_DIR=/var/lib/sandtable/data
USER 10001
WORKDIR /var/lib/sandtable
VOLUME /var/lib/sandtable
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "/opt/sandtable/healthcheck.py"]
CMD ["sandtable", "serve"]
