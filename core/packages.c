/* packages.c - see packages.h: what is installed. Changing it is packages_change.c. */
#include "core/packages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/stanza.h"

enum kh_package_manager kh_packages_manager(const struct kh_root *root)
{
	kh_auto(kh_free) char *apt = kh_root_which(root, "apt-get");
	kh_auto(kh_free) char *dnf = kh_root_which(root, "dnf");
	kh_auto(kh_free) char *yum = kh_root_which(root, "yum");
	if (apt)
		return KH_PACKAGES_APT;
	return dnf || yum ? KH_PACKAGES_DNF : KH_PACKAGES_NONE;
}

void kh_packages_done(struct kh_packages *packages)
{
	for (size_t i = 0; i < packages->count; i++) {
		free(packages->items[i].name);
		free(packages->items[i].version);
	}
	free(packages->items);
	*packages = (struct kh_packages){0};
}

static int by_name(const void *a, const void *b)
{
	const struct kh_package *one = a, *two = b;
	return strcmp(one->name, two->name);
}

bool kh_packages_has(const struct kh_packages *packages, const char *name)
{
	struct kh_package key = {.name = (char *)(uintptr_t)name};
	return packages->count > 0 &&
	       bsearch(&key, packages->items, packages->count, sizeof(key), by_name);
}

/* "install ok installed": the third word is the state. */
static bool is_installed(const char *status)
{
	return status && kh_str_ends(status, " installed");
}

/* dpkg's own architecture is the native one: its packages go by the bare name. */
static char *native_architecture(const char *text)
{
	size_t line = 0;
	for (;;) {
		kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
		if (kh_stanza_next(&text, &line, &stanza) != 0)
			return kh_strdup("");
		const char *name = kh_stanza_get(&stanza, "Package");
		const char *architecture = kh_stanza_get(&stanza, "Architecture");
		if (name && architecture && strcmp(name, "dpkg") == 0)
			return kh_strdup(architecture);
	}
}

void kh_packages_parse_status(const char *text, struct kh_packages *ret_packages)
{
	kh_auto(kh_free) char *native = native_architecture(text);
	size_t line = 0;
	*ret_packages = (struct kh_packages){0};
	for (;;) {
		kh_auto(kh_stanza_done) struct kh_stanza stanza = {0};
		if (kh_stanza_next(&text, &line, &stanza) != 0)
			break;
		const char *name = kh_stanza_get(&stanza, "Package");
		const char *version = kh_stanza_get(&stanza, "Version");
		const char *architecture = kh_stanza_get(&stanza, "Architecture");
		if (!name || !is_installed(kh_stanza_get(&stanza, "Status")))
			continue;
		bool is_foreign = architecture && strcmp(architecture, "all") != 0 && *native &&
				  strcmp(architecture, native) != 0;
		struct kh_package *package = kh_append(ret_packages->items, ret_packages->count);
		package->name =
			is_foreign ? kh_printf("%s:%s", name, architecture) : kh_strdup(name);
		package->version = kh_strdup(version ? version : "");
	}
	if (ret_packages->count > 1)
		qsort(ret_packages->items, ret_packages->count, sizeof(*ret_packages->items),
		      by_name);
}

void kh_packages_read(const struct kh_root *root, struct kh_packages *ret_packages)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/var/lib/dpkg/status");
	kh_packages_parse_status(text ? text : "", ret_packages);
}
