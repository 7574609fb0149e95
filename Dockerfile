# The chat server. It is open until a variable says who may chat: publish its port to this machine only.
#   docker build -t parlor . && docker run --rm --init -p 127.0.0.1:8000:8000 -v parlor:/data parlor
FROM node:24-slim
WORKDIR /app
COPY . .
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile
RUN mkdir /data && chown node:node /data
USER node
# Inside a container 127.0.0.1 is reached by nobody.
ENV HOST=0.0.0.0
# Conversations are kept in parlor.db in the folder where it starts.
WORKDIR /data
VOLUME /data
EXPOSE 8000
CMD ["node", "/app/packages/server/src/cli.ts"]
