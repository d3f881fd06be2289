/* view.c - see view.h. */
#include "net/view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

void kh_net_view_init(struct kh_net_view *view, const struct kh_root *root,
		      const struct kh_net_record *record)
{
	*view = (struct kh_net_view){root, NULL};
	if (!record)
		return;
	for (size_t i = 0; i < record->file_count; i++)
		if (!kh_net_file_is_written(root, &record->files[i]) &&
		    !kh_net_file_is_base(root, &record->files[i]) &&
		    !kh_net_file_is_before(root, &record->files[i]))
			return;
	view->record = record;
}

/* The recorded file at this path, or NULL. */
static const struct kh_net_file *recorded(const struct kh_net_view *view, const char *path)
{
	for (size_t i = 0; view->record && i < view->record->file_count; i++)
		if (strcmp(view->record->files[i].path, path) == 0)
			return &view->record->files[i];
	return NULL;
}

char *kh_net_view_text(const struct kh_net_view *view, const char *path)
{
	const struct kh_net_file *file = recorded(view, path);
	return file ? kh_strdup(file->base) : kh_root_text(view->root, path);
}

bool kh_net_view_exists(const struct kh_net_view *view, const char *path)
{
	const struct kh_net_file *file = recorded(view, path);
	return file ? file->base != NULL : kh_root_exists(view->root, path);
}

static bool is_hidden(const struct kh_net_view *view, const char *dir, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", dir, name);
	const struct kh_net_file *file = recorded(view, path);
	return file && !file->base;
}

void kh_net_view_list(const struct kh_net_view *view, const char *dir, struct kh_strv *names)
{
	kh_auto(kh_strv_done) struct kh_strv found = {0};
	kh_root_list(view->root, dir, &found);
	for (size_t i = 0; view->record && i < view->record->file_count; i++) {
		const struct kh_net_file *file = &view->record->files[i];
		const char *slash = strrchr(file->path, '/');
		bool is_here = strlen(dir) == (size_t)(slash - file->path) &&
			       strncmp(file->path, dir, strlen(dir)) == 0;
		if (is_here && file->base && !kh_strv_has(&found, slash + 1))
			kh_strv_add(&found, slash + 1);
	}
	kh_strv_sort(&found);
	for (size_t i = 0; i < found.count; i++)
		if (!is_hidden(view, dir, found.items[i]))
			kh_strv_add(names, found.items[i]);
}

/* Managers whose files hold secrets, and so are usually for root only. */
static const struct {
	enum kh_net_manager manager;
	const char *dir;
} guarded[] = {
	{KH_NET_NETWORKMANAGER, "/etc/NetworkManager/system-connections"},
	{KH_NET_NETPLAN, "/etc/netplan"},
	{KH_NET_NETPLAN, "/run/netplan"},
	{KH_NET_NETPLAN, "/lib/netplan"},
};

int kh_net_view_check(const struct kh_net_view *view, enum kh_net_manager manager,
		      struct kh_error *err)
{
	for (size_t i = 0; i < KH_COUNT(guarded); i++) {
		kh_auto(kh_strv_done) struct kh_strv names = {0};
		if (guarded[i].manager == manager)
			kh_root_list(view->root, guarded[i].dir, &names);
		for (size_t n = 0; n < names.count; n++) {
			kh_auto(kh_free) char *path =
				kh_printf("%s/%s", guarded[i].dir, names.items[n]);
			kh_auto(kh_close) int fd = kh_root_open_file(view->root, path, O_RDONLY);
			if (fd < 0 && errno == EACCES)
				return kh_fail(err, KH_SYSTEM, errno, "read '%s'", path);
		}
	}
	return 0;
}
