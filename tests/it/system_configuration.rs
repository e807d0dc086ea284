//! The system configuration: settings of the server that matter to every user.

use crate::support::TestGateway;

const PATH: &str = "/api/v1/system-configuration";

#[actix_web::test]
async fn the_configuration_is_that_of_the_server() {
    let gateway = TestGateway::start();

    let reply = gateway.get(PATH).await;

    let read = reply.json();
    reply.assert_read(&read);
    assert_eq!(read.as_object().unwrap().len(), 5);
    assert_eq!(read["recordingMaxLengthMilliseconds"], 1_200_000);
    assert_eq!(gateway.calls(), ["GET /vmrest/systemconfiguration"]);
    gateway.assert_closed(PATH, "GET, HEAD").await;
}
