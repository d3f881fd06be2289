/* tools.c - see tools.h. */
#include "platform/tools.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

char *kh_tools_identity(const struct kh_root *root, const char *name)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_root_which(root, name);
	kh_auto(kh_free) char *real = path ? kh_root_resolve(root, path) : NULL;
	struct stat status;
	if (!real || kh_root_stat(root, real, true, &status, &ignored) != 0)
		return NULL;
	return kh_printf("%s %lld %lld", strrchr(real, '/') + 1, (long long)status.st_size,
			 (long long)status.st_mtime);
}

void kh_tools_missing(const struct kh_root *root, const char *const *names,
		      struct kh_strv *ret_missing)
{
	for (; *names; names++) {
		kh_auto(kh_free) char *path = kh_root_which(root, *names);
		if (!path)
			kh_strv_add(ret_missing, *names);
	}
}

json_t *kh_tools_versions(struct kh_sandbox *sandbox, const char *const *names)
{
	json_t *versions = json_object();
	for (; *names; names++) {
		kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
		kh_auto(kh_free) char *output = NULL;
		const char *argv[] = {*names, "--version", NULL};
		if (kh_sandbox_capture(sandbox, "/", argv, &output, &ignored) != 0)
			continue;
		output[strcspn(output, "\n")] = '\0';
		json_object_set_new(versions, *names, kh_json_text(output));
	}
	return versions;
}
