# The gateway and every other command in a container: docker build -t crossdock . (docs/gateway.md)

FROM python:3.13-slim AS build
COPY . /src
RUN python -m pip wheel --quiet --no-deps --wheel-dir /wheels /src
RUN cp /src/constraints.txt /wheels/

FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN python -m pip install --quiet --no-cache-dir -c /wheels/constraints.txt "$(echo /wheels/*.whl)[postgres,serve]"
RUN python -m compileall -q "$(python -c 'import crossdock; print(crossdock.__path__[0])')"
RUN useradd --system --create-home --home-dir /var/lib/crossdock crossdock
USER crossdock
WORKDIR /var/lib/crossdock
EXPOSE 8080
# Not /readyz: a journal that is away for a while is no reason to end what runs.
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=5)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["crossdock"]
CMD ["serve", "--config", "/etc/crossdock/gateway.yaml", "--host", "0.0.0.0"]
