import { Type, type Static } from '@sinclair/typebox'

/** RFC 9457 problem document, with our code, remedy and correlation id. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'URL path of the page about this code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    remedy: Type.String(),
    correlationId: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { additionalProperties: true },
)
export type Problem = Static<typeof Problem>
