/* build_log.c - see build_log.h. */
#include "platform/build_log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/tree.h"

char *kh_build_log_path(const struct kh_root *root, const struct kh_config *config,
			const char *program)
{
	char moment[32];
	time_t now = time(NULL);
	struct tm utc;
	strftime(moment, sizeof(moment), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	bool is_system = strcmp(root->host_path, "/") == 0 && geteuid() == 0;
	kh_auto(kh_free) char *below =
		is_system ? kh_strdup("/var/log/kvmhost/build")
			  : kh_printf("%s%s/log",
				      strcmp(root->host_path, "/") == 0 ? "" : root->host_path,
				      config->build.store);
	return kh_printf("%s/%s-%s.log", below, program, moment);
}

void kh_build_log_prune(const char *log_path, const char *program)
{
	kh_auto(kh_free) char *dir = kh_strdup(log_path);
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0}, logs = {0};
	kh_auto(kh_free) char *prefix = kh_printf("%s-", program);
	*strrchr(dir, '/') = '\0';
	if (kh_root_open(dir, &root, &ignored) != 0)
		return;
	kh_root_list(&root, "/", &names);
	for (size_t i = 0; i < names.count; i++)
		if (kh_str_starts(names.items[i], prefix) && kh_str_ends(names.items[i], ".log"))
			kh_strv_add(&logs, names.items[i]);
	/* Their names end in the time, so the oldest come first. */
	for (size_t i = 0; i + KH_BUILD_LOGS_KEPT < logs.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("/%s", logs.items[i]);
		kh_tree_remove(&root, path, NULL, &ignored);
	}
}
