/* pin.h - kvmhost.lock: exactly which sources later runs use.
 *
 * Written by `kvmhost fetch --lock` next to the configuration; people may look at it, keep it in a
 * repository, and copy it to other hosts. It is read like the configuration: every mistake has its
 * FILE:LINE:COLUMN. The format is the YAML that kh_pin_text() writes (JSON of the same form is fine
 * too):
 *
 *     format: 1
 *     kernel:
 *       wanted: distro            # as configured; another wish makes the entry void
 *       version: 6.1.176
 *       package_version: 6.1.176-1
 *       provider: distro
 *       files:
 *         - name: linux_6.1.176.orig.tar.xz
 *           role: archive         # archive, patches, signature, index
 *           size: 137945728
 *           sha256: b8a6...
 *           urls: ["http://..."]
 */
#ifndef KH_SOURCES_PIN_H
#define KH_SOURCES_PIN_H

#include "core/base/yaml.h"
#include "core/config.h"
#include "sources/source.h"

struct kh_pin {
	struct kh_source source; /* no digest, signer, tree */
	char *where;             /* "kvmhost.lock:3:3" */
};

struct kh_pins {
	char *path; /* as read; NULL: there is no lock file */
	struct kh_pin *items;
	size_t count;
};

/* The lock file of this configuration: a path of the machine we run on; owned. */
char *kh_pin_path(const struct kh_root *root, const struct kh_config *config);
/* Read it; a file that is not there is an empty list. Errors: KH_CONFIG. */
int kh_pin_read(const char *path, struct kh_pins *ret_pins, struct kh_error *err);
/* The same with its text in memory. */
int kh_pin_parse(const char *name, const char *text, size_t length, struct kh_pins *ret_pins,
		 struct kh_error *err);
void kh_pin_done(struct kh_pins *pins);
const struct kh_pin *kh_pin_find(const struct kh_pins *pins, const char *program);
/* The text of a lock file with these sources; owned. */
char *kh_pin_text(const struct kh_source *sources, size_t count);
/* Write it, atomically; path: of the machine we run on. */
int kh_pin_write(const char *path, const struct kh_source *sources, size_t count,
		 struct kh_error *err);
/* Is this source the pinned one: the same version and files? */
bool kh_pin_is(const struct kh_pin *pin, const struct kh_source *source);

#endif
