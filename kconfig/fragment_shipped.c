/* fragment_shipped.c - the fragments of kconfig/fragments/, as tools/embed compiled them in beside
 * the templates. */
#include <string.h>

#include "core/template.h"
#include "kconfig/fragment.h"

static const char dir[] = "kconfig/fragments/";
static const char suffix[] = ".config";

const char *const kh_fragment_names[] = {"kvm-host", "kvm-guest", "passthrough", "low-latency",
					 NULL};

static bool is_named(const char *path, const char *name)
{
	size_t length = strlen(name);
	return kh_str_starts(path, dir) && strncmp(path + strlen(dir), name, length) == 0 &&
	       strcmp(path + strlen(dir) + length, suffix) == 0;
}

const char *kh_fragment_shipped(const char *name)
{
	for (const struct kh_template_source *source = kh_template_sources; source->path; source++)
		if (is_named(source->path, name))
			return source->text;
	return NULL;
}
