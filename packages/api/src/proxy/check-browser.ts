import { Fault } from '@boilerhouse/base'

const frames = new Set(['iframe', 'frame', 'embed', 'object', 'fencedframe'])

/**
 * A cookie is sent by the browser, whoever asks: so what asks is looked at. Pages of other origins may only link here. Where tenants share
 * the origin, no page of another origin may frame a tenant's either, for it would bring two tenants' pages within each other's reach, and
 * there are no service workers: each tells its address to every page of the origin, and one lives on when its page is gone.
 */
export function checkBrowser({ headers, method }: Request, host: string, isShared: boolean): void {
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) throw foreign()
  const site = headers.get('sec-fetch-site')
  const place = headers.get('sec-fetch-dest') ?? ''
  const isLink = headers.get('sec-fetch-mode') === 'navigate' && (method === 'GET' || method === 'HEAD')
  const isFramed = isShared && frames.has(place)
  if ((site === 'cross-site' || site === 'same-site') && (!isLink || isFramed)) throw foreign()
  if (isShared && (place === 'serviceworker' || headers.has('service-worker'))) {
    throw new Fault('auth.forbidden', 'There are no service workers where tenants share an origin: set BOILERHOUSE_PROXY_DOMAIN')
  }
}

const foreign = (): Fault => new Fault('auth.forbidden', 'The page that asks is not one of this tenant')
