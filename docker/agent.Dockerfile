# The agent as an image:
#
#     docker build -f docker/agent.Dockerfile -t agent .
#     docker run --rm -v /:/host -v "$PWD":/in:ro agent chroot-exec /in/control.json /host
#
# chroot(2) needs CAP_SYS_CHROOT, which Docker gives to root unless told otherwise.

FROM node:20-slim AS build
WORKDIR /src
COPY . .
RUN node scripts/deploy.mjs /agent

FROM node:20-slim
COPY --from=build /agent /usr/local/lib/agent
RUN ln -s /usr/local/lib/agent/bin/agent /usr/local/bin/agent
ENTRYPOINT ["agent"]
CMD ["--help"]
