/** Of these only files that stand for themselves are served: nothing they would install is used. */
const bundles = new Set(["redoc", "swagger-ui-dist"]);

module.exports = {
  hooks: {
    readPackage(manifest) {
      return bundles.has(manifest.name) ? { ...manifest, dependencies: {}, peerDependencies: {} } : manifest;
    },
  },
};
