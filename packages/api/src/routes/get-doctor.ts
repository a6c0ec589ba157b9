import { json, route } from '../route.ts'
import { DoctorReport } from '../views.ts'

export const getDoctor = route(
  {
    operationId: 'getDoctor',
    method: 'GET',
    path: '/api/v1/doctor',
    role: 'viewer',
    tag: 'Operations',
    summary: 'Compare database, engine, network and slots',
    isLong: true,
    responses: { 200: { description: 'Every difference.', schema: DoctorReport } },
    faults: ['runtime.unavailable'],
  },
  async (_input, { doctor }) => json(200, await doctor({ repair: false })),
)

export const repairInstallation = route(
  {
    operationId: 'repairInstallation',
    method: 'POST',
    path: '/api/v1/doctor/repair',
    role: 'admin',
    tag: 'Operations',
    summary: 'Mend what the doctor finds',
    isLong: true,
    responses: { 200: { description: 'What was done, and what is left.', schema: DoctorReport } },
    faults: ['runtime.unavailable'],
  },
  async (_input, { doctor }) => json(200, await doctor({ repair: true })),
)
