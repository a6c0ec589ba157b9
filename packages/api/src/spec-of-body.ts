import { invalidRequest } from '@boilerhouse/resources'

/** The spec in the body of a PUT. Throws `request.invalid` where the body names another id than the path. */
export function specOfBody<Body extends { readonly id?: string | undefined }>(body: Body, pathId: string): Omit<Body, 'id'> {
  const { id = pathId, ...spec } = body
  if (id !== pathId) throw invalidRequest([{ pointer: '/id', detail: 'must be that of the path' }])
  return spec
}
