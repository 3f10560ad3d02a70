FROM python:3.12-slim AS build
WORKDIR /srv/build
RUN python -m venv /srv/ledger
COPY requirements-run.lock ./
RUN /srv/ledger/bin/pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements-run.lock
COPY pyproject.toml README.md ./
COPY domain domain
COPY projections projections
COPY consumers consumers
COPY services services
RUN /srv/ledger/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /srv/ledger/bin/pip uninstall --yes setuptools pip

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/sales-ledger --create-home ledger
COPY --from=build /srv/ledger /srv/ledger
ENV PATH=/srv/ledger/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER ledger
WORKDIR /var/lib/sales-ledger
ENTRYPOINT ["salesledger"]
CMD ["run", "all"]
