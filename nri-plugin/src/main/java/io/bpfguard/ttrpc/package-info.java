/// ttrpc: gRPC's services over a plain byte stream, without HTTP/2 (containerd/ttrpc, PROTOCOL.md).
///
/// This is where a container start reaches us as bytes. The layers, from the wire up: [io.bpfguard.ttrpc.Frame] and its
/// reader know ten header bytes and a body; a connection has one reader, one writer lock and an end; on it sits either a
/// client ([io.bpfguard.ttrpc.TtrpcChannel]) or a server ([io.bpfguard.ttrpc.TtrpcServer]). Both speak the grpc-java API, so
/// stubs and services generated for gRPC run unchanged. Only unary methods exist here. The package knows nothing of NRI.
package io.bpfguard.ttrpc;
