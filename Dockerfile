# The package with its locked dependencies and warm caches: the first fit does not compile.
#
#     docker build -t amager-eval .
#     docker run --rm -v "$PWD/city:/work/city" amager-eval appendix --input city --out city/appendix
#
# Compiled code is kept by kind of processor: on another one than the image was built on, the first
# crime fit compiles once more.
FROM python:3.13-slim

RUN pip install --no-cache-dir uv
WORKDIR /opt/amager_eval
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY src ./src
COPY models ./models
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN uv sync --locked --no-default-groups --no-editable --no-cache

# one user, one home: the caches stand where the runs look for them
RUN useradd --create-home officer && mkdir /work && chown officer /work
USER officer
ENV PATH=/opt/venv/bin:$PATH HOME=/home/officer
WORKDIR /work
# the yearly work once, on a made-up city and few draws: everything it compiles is kept
RUN amager-eval synthetic /tmp/city \
    && amager-eval appendix --input /tmp/city --draft --draws 50 --out /tmp/appendix \
    && rm -r /tmp/city /tmp/appendix

ENTRYPOINT ["amager-eval"]
CMD ["--help"]
