import { Fault } from '@boilerhouse/base'

import { isBelow } from './proxy-headers.ts'

/**
 * A cookie is sent by the browser, whoever asks: so what asks is looked at. Pages of other origins may only link here; where tenants share
 * the origin, a page may only ask below its own path.
 */
export function checkBrowser(request: Request, host: string, prefix: string): void {
  const { headers, method } = request
  const origin = headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}`) throw foreign()
  const site = headers.get('sec-fetch-site')
  const isLink = headers.get('sec-fetch-mode') === 'navigate' && (method === 'GET' || method === 'HEAD')
  if ((site === 'cross-site' || site === 'same-site') && !isLink) throw foreign()
  // WebSocket handshakes carry no Referer; their Origin was checked.
  const isSocket = headers.get('upgrade')?.toLowerCase() === 'websocket'
  if (site === 'same-origin' && prefix !== '' && !isSocket && !isBelow(refererPath(headers), prefix)) throw foreign()
}

const foreign = (): Fault => new Fault('auth.forbidden', 'The page that asks is not one of this tenant')

function refererPath(headers: Headers): string {
  const referer = headers.get('referer')
  return referer !== null && URL.canParse(referer) ? new URL(referer).pathname : ''
}
