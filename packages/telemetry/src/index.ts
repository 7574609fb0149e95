export { prometheus, type Prometheus, type PrometheusOptions } from "./prometheus.ts";
export { traced, type TracedOptions } from "./traced.ts";
