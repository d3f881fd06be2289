/* confirm_proof.c - see confirm.h.
 *
 * Good is: the network is there, a virtual machine can be created, libvirt answers where it did
 * before, the huge pages of the arguments were obtained, and no check fails that a kernel or its
 * arguments answer for. What the host did not have before the trial is not asked of arguments; of a
 * kernel /dev/kvm is.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/confirm.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/hugeargs.h"
#include "core/hugepool.h"
#include "core/kvm_probe.h"
#include "core/probe.h"
#include "net/proof.h"
#include "stages/kernel.h"

enum { NETWORK_WAIT_S = 120, SETTLE_WAIT_S = 60 };

/* ---- the parts ---- */

static char *find_kvm_fault(struct kh_confirm *confirm)
{
	struct kh_kvm_probe probe = {0};
	char *fault = NULL;
	if (confirm->trial->is_arguments && !confirm->trial->had_kvm)
		return NULL;
	kh_kvm_probe_run(&confirm->session.root, &probe);
	if (!probe.exists)
		fault = kh_strdup("there is no /dev/kvm");
	else if (!probe.can_open)
		fault = kh_printf("/dev/kvm cannot be opened: %s", strerror(probe.open_errno));
	else if (!probe.can_create_vm)
		fault = kh_printf("/dev/kvm makes no virtual machine: %s",
				  strerror(probe.create_errno));
	kh_kvm_probe_done(&probe);
	return fault;
}

/* Arguments are not to blame for a bridge that the guard took back in this very boot: the network
 * that it put back will do. */
static char *find_network_fault(struct kh_confirm *confirm)
{
	kh_auto(kh_free) char *bridge =
		kh_proof_bridge(&confirm->session.root, confirm->session.facts.os.boot_id,
				!confirm->trial->is_arguments);
	return kh_proof_missing(&kh_guard_real_world, &confirm->session.facts.net, bridge,
				confirm->trial->had_route);
}

static char *find_libvirt_fault(struct kh_confirm *confirm)
{
	static const char *const sockets[] = {"/run/libvirt/virtqemud-sock",
					      "/run/libvirt/libvirt-sock"};
	/* Arguments that a kernel took along were planned after libvirt, the kernel before it. */
	bool answers = !confirm->trial->had_libvirt &&
		       !(confirm->arguments.is_joined && confirm->arguments.had_libvirt);
	for (size_t i = 0; i < KH_COUNT(sockets) && !answers; i++)
		answers = kh_probe_answers(&confirm->session.root, sockets[i]);
	return answers ? NULL : kh_strdup("libvirt's socket does not answer, and it did before");
}

/* Those of the arguments: while they are on trial no file has them yet, so that the report does not
 * know that they are wanted. */
static char *find_page_fault(struct kh_confirm *confirm)
{
	static const long long sizes_kib[] = {KH_HUGEPOOL_2M_KIB, KH_HUGEPOOL_1G_KIB};
	const char *arguments = confirm->trial->arguments ? confirm->trial->arguments : "";
	for (size_t i = 0; i < KH_COUNT(sizes_kib); i++) {
		long long wanted = kh_hugeargs_pages(arguments, sizes_kib[i], -1);
		kh_auto(kh_free) char *size = kh_hugepool_size_text(sizes_kib[i]);
		kh_auto(kh_free) char *text = kh_root_linef(
			&confirm->session.root,
			"/sys/kernel/mm/hugepages/hugepages-%lldkB/nr_hugepages", sizes_kib[i]);
		long long obtained = text ? kh_str_number(text) : 0;
		if (wanted > 0 && obtained < wanted)
			return kh_printf("%lld of %lld huge pages of %s were obtained", obtained,
					 wanted, size);
	}
	return NULL;
}

static char *find_failed_check(struct kh_confirm *confirm)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_report_done) struct kh_report report = {0};
	struct kh_engine engine = {.root = &confirm->session.root,
				   .config = &confirm->session.config};
	if (kh_engine_report(&engine, &confirm->session.facts, &report, &err) != 0)
		return kh_strdup(err.message);
	return confirm->trial->is_arguments
		       ? kh_kernel_find_failure_of_arguments(&report, confirm->trial->had_kvm)
		       : kh_kernel_find_failure(&report);
}

/* What is wrong now, or NULL. Owned. */
static char *look(struct kh_confirm *confirm, bool *ret_is_reachable)
{
	static char *(*const parts[])(struct kh_confirm *) = {find_kvm_fault, find_libvirt_fault,
							      find_page_fault, find_failed_check};
	kh_facts_done(&confirm->session.facts);
	confirm->session.facts = (struct kh_facts){0};
	kh_facts_collect(&confirm->session.root, &confirm->session.facts);
	char *fault = find_network_fault(confirm);
	*ret_is_reachable = fault == NULL;
	for (size_t i = 0; i < KH_COUNT(parts) && !fault; i++)
		fault = parts[i](confirm);
	return fault;
}

/* At boot: again and again until nothing is wrong. The network gets as long as its own guard may
 * need to put the old one back; what is still missing a minute after that will not come. */
char *kh_confirm_prove(struct kh_confirm *confirm)
{
	struct kh_guard_world *world = &kh_guard_real_world;
	long long wait_s = NETWORK_WAIT_S + confirm->session.config.bridge.confirm_timeout_s;
	long long network_ms = world->now_ms(world) + wait_s * 1000, settled_ms = 0;
	for (;;) {
		bool is_reachable = false;
		char *fault = look(confirm, &is_reachable);
		long long now_ms = world->now_ms(world);
		if (is_reachable && settled_ms == 0)
			settled_ms = now_ms + SETTLE_WAIT_S * 1000;
		if (!fault || !confirm->options->is_unit ||
		    now_ms >= (is_reachable ? settled_ms : network_ms))
			return fault;
		kh_free(&fault);
		world->wait(world);
	}
}

/* ---- the end of the trial's boot ---- */

void kh_confirm_tell_timer(struct kh_confirm *confirm)
{
	static const char path[] = "/run/kvmhost-trial-judged";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	const struct kh_file_state meta = {.type = KH_FILE_REGULAR, .mode = 0644};
	if (kh_trial_is_one_shot(&confirm->session.facts) &&
	    kh_file_put(&confirm->session.root, path, "", 0, &meta, &err) != 0)
		kh_print(stderr,
			 "kvmhost: warning: %s: kvmhost-trial.timer will reboot this host\n",
			 err.message);
}

void kh_confirm_relax(struct kh_confirm *confirm)
{
	static const struct {
		const char *path, *ours;
	} rows[] = {
		{"/proc/sys/kernel/panic", "30"},
		{"/proc/sys/kernel/softlockup_panic", "1"},
		{"/proc/sys/kernel/hung_task_panic", "1"},
	};
	if (!kh_trial_is_one_shot(&confirm->session.facts))
		return;
	for (size_t i = 0; i < KH_COUNT(rows); i++) {
		kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
		kh_auto(kh_free) char *now = kh_root_line(&confirm->session.root, rows[i].path);
		if (now && strcmp(now, rows[i].ours) == 0 &&
		    kh_file_set_value(&confirm->session.root, rows[i].path, "0", &err) != 0)
			kh_print(stderr, "kvmhost: warning: %s\n", err.message);
	}
}
