/* tarball.h - tar archives member by member, also ones that no honest program writes.
 *
 *     struct kh_str tar = {0};
 *     tarball_file(&tar, "thing-1.0/README", 0644, "hello\n");
 *     tarball_add(&tar, '2', "thing-1.0/out", 0777, "../../etc", NULL, 0);
 *     tarball_end(&tar);
 *
 * Source: the ustar format, POSIX.1-2017 pax, "ustar Interchange Format".
 */
#ifndef TESTS_TARBALL_H
#define TESTS_TARBALL_H

#include <stddef.h>

#include "core/base/str.h"

enum { TARBALL_TIME = 1234567890 }; /* of every member */

/* type: '0' file, '1' hard link, '2' symbolic link, '3' device, '5' directory, '6' pipe, 'x' and
 * 'g' pax records. */
void tarball_add(struct kh_str *tar, char type, const char *name, unsigned mode, const char *link,
		 const void *bytes, size_t length);
void tarball_file(struct kh_str *tar, const char *name, unsigned mode, const char *text);
/* Only a header, which promises LENGTH bytes. */
void tarball_header(struct kh_str *tar, char type, const char *name, unsigned mode,
		    const char *link, unsigned long long length);
void tarball_end(struct kh_str *tar);

#endif
