/* libvirt.h - the parts of the libvirt stage.
 *
 * libvirt.c: what is planned, in order; libvirt_rival.c: another libvirt on the host is never mixed
 * with; libvirt_account.c: whom guests run as; libvirt_conf.c: /etc/libvirt; libvirt_apparmor.c,
 * libvirt_units.c, libvirt_start.c: AppArmor, systemd; libvirt_check.c: the report.
 */
#ifndef KH_STAGES_LIBVIRT_H
#define KH_STAGES_LIBVIRT_H

#include "core/stage.h"
#include "core/store.h"

/* What the parts share: decided once per plan. */
struct kh_libvirt {
	const struct kh_artifact *artifact;
	const char *prefix;
	char *user, *group; /* guests run as */
	bool is_first;      /* nothing of ours is installed yet */
	bool is_modular;
	bool can_start; /* the live root, and systemd is running it */
};

int kh_libvirt_decide(const struct kh_context *context, const struct kh_artifact *artifact,
		      struct kh_libvirt *ret_libvirt, struct kh_error *err);
void kh_libvirt_done(struct kh_libvirt *libvirt);

/* ---- libvirt_rival.c ---- */

/* A libvirt daemon that kvmhost did not install: owned text that says which, or NULL. */
char *kh_libvirt_rival(const struct kh_context *context);

/* ---- libvirt_account.c ---- */

/* Whom guests run as: "auto" is the account the distribution's packages use. Errors: KH_HOST for a
 * configured account that does not exist. */
int kh_libvirt_accounts(const struct kh_context *context, char **ret_user, char **ret_group,
			struct kh_error *err);
int kh_libvirt_plan_accounts(const struct kh_context *context, struct kh_plan *plan,
			     const struct kh_libvirt *libvirt, struct kh_error *err);

/* ---- libvirt_conf.c ---- */

int kh_libvirt_plan_conf(const struct kh_context *context, struct kh_plan *plan,
			 const struct kh_libvirt *libvirt, struct kh_error *err);
/* text of a libvirt configuration file with NAME = "VALUE"; every other line stays as it is. The
 * first line that sets it is changed, else one is put after the commented one, else at the end. */
char *kh_libvirt_conf_set(const char *text, const char *name, const char *value);
/* The value a line of this text gives to NAME, without quotes; owned, or NULL: none does.
 * ret_line may be NULL. Source: libvirt's virconf.c (of several lines the first one counts). */
char *kh_libvirt_conf_get(const char *text, const char *name, int *ret_line);
/* The same identifier for the same host and name, another one for another host: what libvirt would
 * otherwise make up and write into our files. */
char *kh_libvirt_uuid(const struct kh_root *root, const char *name);

/* ---- libvirt_apparmor.c ---- */

int kh_libvirt_plan_profiles(const struct kh_context *context, struct kh_plan *plan,
			     const struct kh_libvirt *libvirt, struct kh_error *err);

/* ---- libvirt_units.c ---- */

/* What the distribution's own systemd would start: RHEL 9 and Fedora have presets for virtqemud. */
bool kh_libvirt_is_modular(const struct kh_context *context);
/* The units to enable and start, sockets before the services that use them; appended. */
void kh_libvirt_list_units(const struct kh_context *context, const struct kh_libvirt *libvirt,
			   struct kh_strv *ret_units);
int kh_libvirt_plan_units(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_libvirt *libvirt, struct kh_error *err);

/* ---- libvirt_start.c ---- */

/* has_new: programs of a daemon that may be running are replaced by this plan. */
int kh_libvirt_plan_start(const struct kh_context *context, struct kh_plan *plan,
			  const struct kh_libvirt *libvirt, bool has_new, struct kh_error *err);
/* Stop and disable the units of the libvirt in this prefix. */
int kh_libvirt_plan_stop(const struct kh_context *context, struct kh_plan *plan, const char *prefix,
			 bool can_start, struct kh_error *err);

/* ---- libvirt_check.c ---- */

int kh_libvirt_check(const struct kh_context *context, struct kh_report *report,
		     struct kh_error *err);

#endif
