import { EverwarmError } from '../../contracts/errors.ts'
import type { ServiceRequest } from '../executor.ts'
import { imageCommand } from './commands.ts'
import { settingsOf } from './container-settings.ts'
import { type ContainerSettings, type DockerContainer, engineMessage } from './engine.ts'
import { sitePath } from './files.ts'
import type { Mount } from './volumes.ts'
import type { World } from './world.ts'

/** A container for a service, not begun yet. @throws EverwarmError SERVICE_FAILED, IMAGE_UNAVAILABLE, SITE_FAILED */
export async function makeServiceContainer(
  world: World,
  service: ServiceRequest,
  { name, labels, mounts }: { name: string; labels: Readonly<Record<string, string>>; mounts: readonly Mount[] },
): Promise<{ container: DockerContainer; network: string }> {
  const { container, pod, signal } = service
  const [image, network] = await Promise.all([world.image(container), world.network()])
  signal.throwIfAborted()
  const argv = service.argv ?? imageCommand(image)
  const { HostConfig, ...settings } = settingsOf(container, pod, mounts)
  const env = { WORKFLOW_DATA: '/data', ...portVariables(service.ports), ...service.env }
  const options: ContainerSettings = {
    ...settings,
    name,
    Image: image.Id,
    Labels: { ...pod?.labels, ...labels },
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    Entrypoint: argv.slice(0, 1),
    Cmd: argv.slice(1),
    WorkingDir: sitePath(service.cwd ?? container.workingDir ?? (image.Config.WorkingDir || '.')),
    HostConfig: { ...HostConfig, NetworkMode: network, LogConfig: { Type: 'none', Config: {} } },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [service.id] } } },
  }
  try {
    return { container: await world.docker.createContainer(options), network }
  } catch (cause) {
    throw new EverwarmError('SERVICE_FAILED', {
      message: `No container can be made for the service ${service.name}: ${engineMessage(cause)}`,
      hint: 'Look at its fields.',
      cause,
    })
  }
}

/** Where it is meant to listen, the same in the container and outside. */
function portVariables(ports: readonly number[]): Record<string, string> {
  const [first] = ports
  const all = Object.fromEntries(ports.map((port) => [`PORT_${port}`, String(port)]))
  return first === undefined ? all : { PORT: String(first), ...all }
}
