/* libvirt_check.c - the report on libvirt: which daemons there are (monolithic libvirtd or modular
 * virtqemud), do they answer, and is a guest's console closed to the world. Source:
 * https://libvirt.org/daemons.html */
#include <string.h>

#include "core/base/mem.h"
#include "core/probe.h"
#include "stages/installed_check.h"
#include "stages/libvirt.h"

static const char qemu_conf[] = "/etc/libvirt/qemu.conf";

static const char *find_daemon(const struct kh_context *context, bool *ret_is_modular)
{
	static const char *const monolithic[] = {"/usr/local/sbin/libvirtd", "/usr/sbin/libvirtd",
						 NULL};
	static const char *const modular[] = {"/usr/local/sbin/virtqemud", "/usr/sbin/virtqemud",
					      NULL};
	const char *one = kh_root_find_program(context->root, monolithic);
	const char *many = kh_root_find_program(context->root, modular);
	*ret_is_modular = many && (!one || kh_libvirt_is_modular(context));
	return *ret_is_modular ? many : one;
}

static void check_daemon(const struct kh_context *context, struct kh_report *report)
{
	bool is_modular;
	kh_auto(kh_free) char *chosen =
		kh_printf("%s/sbin/%s", context->config->libvirt.prefix,
			  kh_libvirt_is_modular(context) ? "virtqemud" : "libvirtd");
	const char *found = kh_root_is_executable(context->root, chosen)
				    ? chosen
				    : find_daemon(context, &is_modular);
	struct kh_check_text text = {
		.expected = "an installed libvirt daemon",
		.found = found ? found : "none found",
		.why = "libvirt starts guests at boot and manages their storage and networks",
		.fix = found ? NULL
			     : kh_installed_how(context->config->libvirt.version,
						"install libvirt-daemon-system (Debian) or libvirt "
						"(CentOS family)")};
	enum kh_status status = found ? KH_PASS : KH_WARN;
	if (!found && !kh_root_exists(context->root, "/usr")) {
		text.found = "the programs of this host were not recorded";
		status = KH_SKIP;
	}
	kh_report_add(report, "libvirt.daemon", status, &text);
}

/* Any of the sockets: a distribution's modular daemons answer on another one than libvirtd. */
static void check_answers(const struct kh_context *context, struct kh_report *report)
{
	static const char *const sockets[] = {"/run/libvirt/virtqemud-sock",
					      "/run/libvirt/libvirt-sock"};
	const char *answering = NULL;
	bool is_modular;
	if (!context->root->is_live || !find_daemon(context, &is_modular))
		return;
	for (size_t i = 0; i < KH_COUNT(sockets) && !answering; i++)
		if (kh_probe_answers(context->root, sockets[i]))
			answering = sockets[i];
	bool is_blind = !answering && !kh_probe_is_superuser();
	const struct kh_check_text text = {
		.expected = "the daemon accepts a connection",
		.found = answering  ? answering
			 : is_blind ? "only root may connect"
				    : "nobody listens on libvirt's sockets",
		.why = "virsh and every other tool work through it",
		.fix = answering  ? NULL
		       : is_blind ? "run the report as root"
				  : "see 'systemctl status libvirtd.socket libvirtd' (modular "
				    "daemons: virtqemud)",
	};
	kh_report_add(report, "libvirt.answers",
		      answering  ? KH_PASS
		      : is_blind ? KH_SKIP
				 : KH_FAIL,
		      &text);
}

static bool is_open(const char *address)
{
	return address && (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0);
}

/* "root" as a name, or as a number with the '+' that libvirt asks for. */
static bool is_root(const char *user)
{
	return user &&
	       (strcmp(user, "root") == 0 || strcmp(user, "+0") == 0 || strcmp(user, "0") == 0);
}

static void check_qemu_conf(const struct kh_context *context, struct kh_report *report)
{
	kh_auto(kh_free) char *text = kh_root_text(context->root, qemu_conf);
	int listen_line = 0, user_line = 0;
	if (!text)
		return;
	kh_auto(kh_free) char *listen = kh_libvirt_conf_get(text, "vnc_listen", &listen_line);
	kh_auto(kh_free) char *user = kh_libvirt_conf_get(text, "user", &user_line);
	struct kh_check_text check = {
		.expected = "consoles on one address, guests not run by root",
		.found = "so it is",
		.why = "a VNC console on all addresses has no password; a guest that breaks out "
		       "of QEMU gets the rights of its account",
	};
	kh_auto(kh_free) char *found = NULL;
	if (is_open(listen))
		found = kh_printf("%s:%d: vnc_listen = %s opens the consoles to the network",
				  qemu_conf, listen_line, listen);
	else if (is_root(user))
		found = kh_printf("%s:%d: guests run as root", qemu_conf, user_line);
	if (found) {
		check.found = found;
		check.fix = "set libvirt.qemu_conf in the configuration, then 'kvmhost apply'";
	}
	kh_report_add(report, "libvirt.qemu_conf", found ? KH_WARN : KH_PASS, &check);
}

int kh_libvirt_check(const struct kh_context *context, struct kh_report *report,
		     struct kh_error *err)
{
	(void)err;
	check_daemon(context, report);
	kh_installed_check_add(context, report, "libvirt", "libvirt",
			       context->config->libvirt.version);
	check_answers(context, report);
	check_qemu_conf(context, report);
	return 0;
}
