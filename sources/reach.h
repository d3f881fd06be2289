/* reach.h - is there a way to these places at all, in a few seconds?
 *
 * For `sources.provider: auto` only: it decides between upstream and the distribution before
 * anything is transferred, so that a host without a way out does not wait for retries. It asks for
 * a connection, nothing more. Through a proxy (https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY) the
 * way cannot be told beforehand: then yes.
 */
#ifndef KH_SOURCES_REACH_H
#define KH_SOURCES_REACH_H

enum { KH_REACH_TIMEOUT_MS = 4000 };

/* urls: NULL-terminated, https. Returns 0 when one of them can be reached, else 1. */
int kh_reach_any(const char *const *urls);
/* One host and port, at most timeout_ms. 0 or 1. */
int kh_reach_host(const char *host, const char *port, int timeout_ms);

#endif
