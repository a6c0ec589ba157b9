import type { ImageFacts } from '../runtime.ts'

export const fakeImage = (imageId: string, change: Partial<ImageFacts> = {}): ImageFacts => ({
  imageId,
  entrypoint: [],
  command: ['run'],
  workingDir: '/',
  environment: { PATH: '/usr/bin:/bin' },
  exposedPorts: [],
  user: '',
  ...change,
})
