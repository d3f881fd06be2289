/* libvirt_rival.c - another libvirt on the host.
 *
 * Two libvirts share /etc/libvirt, the sockets in /run/libvirt and the guests: the older one would
 * not understand what the newer one wrote. So ours is installed only where there is no other.
 * Libraries and clients (libvirt0, libvirt-clients) do no harm: they talk to whatever daemon runs.
 */
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "core/probe.h"
#include "stages/libvirt.h"

/* The first installed package libvirt-daemon... in dpkg's records. */
static char *debian_package(const struct kh_root *root)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/var/lib/dpkg/status");
	static const char start[] = "Package: libvirt-daemon";
	for (char *at = text; at; at = strstr(at, "\n\n")) {
		at += strspn(at, "\n");
		if (!kh_str_starts(at, start))
			continue;
		const char *end = strstr(at, "\n\n");
		const char *installed = strstr(at, "\nStatus: install ok installed\n");
		size_t length = strlen("Package: ");
		if (installed && (!end || installed < end))
			return kh_strndup(at + length, strcspn(at + length, "\n"));
	}
	return NULL;
}

static char *program(const struct kh_context *context)
{
	static const char *const places[] = {"/usr/sbin/libvirtd", "/usr/sbin/virtqemud",
					     "/usr/local/sbin/libvirtd",
					     "/usr/local/sbin/virtqemud", NULL};
	json_t *record = kh_installed_read(context->root, "libvirt");
	const char *prefix = kh_json_get(json_object_get(record, "about"), "prefix");
	kh_auto(kh_free) char *ours = kh_printf("%s/sbin/", prefix);
	const char *found = NULL;
	for (const char *const *place = places; *place && !found; place++) {
		bool is_ours = record && kh_str_starts(*place, ours);
		if (!is_ours && kh_root_is_executable(context->root, *place))
			found = *place;
	}
	json_decref(record);
	return found ? kh_strdup(found) : NULL;
}

/* A daemon of whatever origin that listens, while nothing of ours is installed. */
static char *listener(const struct kh_context *context)
{
	static const char *const sockets[] = {"/run/libvirt/libvirt-sock",
					      "/run/libvirt/virtqemud-sock"};
	json_t *record = kh_installed_read(context->root, "libvirt");
	bool is_ours = record;
	json_decref(record);
	for (size_t i = 0; !is_ours && i < KH_COUNT(sockets); i++)
		if (kh_probe_is_listening(context->root, sockets[i]))
			return kh_printf("a running daemon (it listens on %s)", sockets[i]);
	return NULL;
}

char *kh_libvirt_rival(const struct kh_context *context)
{
	kh_auto(kh_free) char *package = debian_package(context->root);
	if (package)
		return kh_printf("the package %s", package);
	char *found = program(context);
	return found ? found : listener(context);
}
