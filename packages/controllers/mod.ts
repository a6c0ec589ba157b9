export { createControllers, type Controllers } from './src/controllers.ts'
export { controllerKinds, type ControllerDeps, type ControllerKind, type ControllerSettings } from './src/controller-deps.ts'
export { examine, type DoctorDeps, type DoctorReport } from './src/doctor/doctor.ts'
