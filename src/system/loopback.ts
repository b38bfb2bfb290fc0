const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/

/** Whether a host, as it stands in an address, is this machine and nobody else can reach it. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)
