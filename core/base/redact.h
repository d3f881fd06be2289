/* redact.h - texts that people see and files that others read hold no passwords.
 *
 * A URL may carry its user's name and password: a mirror in the configuration, a proxy in the
 * environment, a source of apt. It is used as it is, and shown without them: in errors, events,
 * records, lock files and manifests.
 */
#ifndef KH_BASE_REDACT_H
#define KH_BASE_REDACT_H

/* Owned: the text with "USER:PASSWORD@" taken out of every URL in it ("SCHEME://..."). NULL stays
 * NULL. Source: RFC 3986, 3.2: the authority ends at '/', '?' or '#', and the last '@' in it ends
 * the user information. */
char *kh_redact(const char *text);

#endif
