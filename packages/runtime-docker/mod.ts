export { createDockerRuntime, type DockerRuntimeDeps } from './src/docker-runtime.ts'
