/* libvirt_build.h - the recipe of libvirt (kh_recipe_libvirt in recipe.h), as far as others look at
 * it, and how what it makes lies on the host.
 *
 * Packages of a build (Debian's names): gcc ninja-build meson pkg-config python3 python3-docutils
 * gettext binutils libxml2-utils xsltproc rpcsvc-proto libglib2.0-dev libgnutls28-dev libxml2-dev
 * libtirpc-dev libnl-3-dev libnl-route-3-dev libudev-dev libpciaccess-dev libyajl-dev (libvirt 10.8
 * and newer: libjson-c-dev) libnuma-dev libcap-ng-dev libreadline-dev libattr1-dev libblkid-dev;
 * wanted where there is one: libapparmor-dev (Debian), libselinux1-dev, libaudit-dev,
 * libacl1-dev. Where it runs: the libraries of these, dnsmasq-base, iptables (nftables) and
 * dmidecode; for AppArmor the package apparmor.
 *
 * Settings and state are where every libvirt has them (/etc, /var, /run), whatever the prefix: so
 * client and daemon agree on sockets. What libvirt puts into /etc/libvirt is changed by people and
 * by libvirt itself: the artifact has it in PREFIX/share/libvirt/initial, and the stage puts what
 * is needed. What it makes below /var and /run when it starts is not part of the artifact.
 */
#ifndef KH_PLATFORM_LIBVIRT_BUILD_H
#define KH_PLATFORM_LIBVIRT_BUILD_H

#include "core/base/root.h"
#include "core/base/str.h"
#include "core/config.h"

/* PREFIX/share/libvirt/initial; owned. */
char *kh_libvirt_initial(const char *prefix);

/* The arguments of "meson setup" after the directories; appended. known: the text of the source's
 * meson_options.txt: only options that it has are given, as they change between versions. */
void kh_libvirt_options(const struct kh_root *root, const struct kh_config *config,
			const char *known, struct kh_strv *ret_options);

#endif
