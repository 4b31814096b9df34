/// NRI: how containerd and CRI-O tell a node's plugins about pods and containers (containerd/nri, protocol v1alpha1).
///
/// A container start enters BPFGuard here. [io.bpfguard.nri.NriRunner] keeps a link to the runtime alive: it connects, splits the
/// link in two ttrpc connections, registers, takes the node's present state and then one event after the other, and begins
/// again whenever the link is lost. The rest of BPFGuard implements [io.bpfguard.nri.NriPlugin] and sees plain records; nothing of
/// the wire leaves this package, and this package knows nothing of policies.
package io.bpfguard.nri;
