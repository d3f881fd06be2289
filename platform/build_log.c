/* build_log.c - see build_log.h. */
#include "platform/build_log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static long long bytes_of(const struct kh_root *root, const char *name)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("/%s", name);
	struct stat status = {0};
	return kh_root_stat(root, path, false, &status, &ignored) == 0 ? status.st_size : 0;
}

static void remove_log(const struct kh_root *root, const char *name)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *path = kh_printf("/%s", name);
	kh_tree_remove(root, path, NULL, &ignored);
}

/* "qemu-20261121T100000Z.log": the time. */
static const char *time_in(const char *name)
{
	const char *dash = strrchr(name, '-');
	return dash ? dash : name;
}

static int compare_times(const void *one, const void *other)
{
	return strcmp(time_in(*(char *const *)one), time_in(*(char *const *)other));
}

/* All logs but this one, of one program or of all (NULL), the oldest first. */
static void list_logs(const struct kh_root *root, const char *program, const char *keep,
		      struct kh_strv *ret_logs)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_free) char *prefix = kh_printf("%s-", program ? program : "");
	kh_root_list(root, "/", &names);
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if ((!program || kh_str_starts(name, prefix)) && kh_str_ends(name, ".log") &&
		    strcmp(name, keep) != 0)
			kh_strv_add(ret_logs, name);
	}
	if (ret_logs->count > 0)
		qsort(ret_logs->items, ret_logs->count, sizeof(char *), compare_times);
}

static void prune_bytes(const struct kh_root *root, const char *keep)
{
	kh_auto(kh_strv_done) struct kh_strv logs = {0};
	long long bytes = bytes_of(root, keep);
	list_logs(root, NULL, keep, &logs);
	for (size_t i = 0; i < logs.count; i++)
		bytes += bytes_of(root, logs.items[i]);
	for (size_t i = 0; i < logs.count && bytes > KH_BUILD_LOGS_BYTES; i++) {
		bytes -= bytes_of(root, logs.items[i]);
		remove_log(root, logs.items[i]);
	}
}

void kh_build_log_prune(const char *log_path, const char *program)
{
	kh_auto(kh_free) char *dir = kh_strdup(log_path);
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv logs = {0};
	*strrchr(dir, '/') = '\0';
	const char *keep = log_path + strlen(dir) + 1;
	if (kh_root_open(dir, &root, &ignored) != 0)
		return;
	list_logs(&root, program, keep, &logs);
	for (size_t i = 0; i + KH_BUILD_LOGS_KEPT - 1 < logs.count; i++)
		remove_log(&root, logs.items[i]);
	prune_bytes(&root, keep);
}
