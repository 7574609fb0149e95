# The chat server. Nothing asks for credentials yet: publish its port to this machine only.
#   docker build -t parlor . && docker run --rm --init -p 127.0.0.1:8000:8000 parlor
FROM node:24-slim
WORKDIR /app
COPY . .
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile
USER node
# Inside a container 127.0.0.1 is reached by nobody.
ENV HOST=0.0.0.0
EXPOSE 8000
CMD ["node", "packages/server/src/cli.ts"]
