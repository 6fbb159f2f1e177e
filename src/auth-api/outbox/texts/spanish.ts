/** Mails in Spanish. */
import type { MailTexts } from './mail-texts.ts';

const addresses = {
  title: 'Han cambiado las direcciones de su cuenta',
  time: 'Cambiado',
  closing: 'Si no fue usted, inicie sesión, cierre las sesiones de su cuenta que no reconozca y deshaga el cambio.',
};
const { time, closing } = addresses;

const recovered = {
  time: 'Usado',
  closing:
    'Si no fue usted, inicie sesión con una llave de acceso, cierre las sesiones de su cuenta que no reconozca, elimine las llaves de acceso que no sean suyas y cree códigos de recuperación nuevos. Si no puede, avise enseguida a su administrador.',
};

export const spanish: MailTexts = {
  unknownBrowser: '',
  browserOn: (browser, system) => `${browser} en ${system}`,
  codes: {
    session: {
      title: 'Su código para iniciar sesión',
      opening: 'Introduzca este código para iniciar sesión:',
      closing:
        'Solo funciona donde se pidió. Si no quería iniciar sesión, no haga caso de este correo: sin el código, nadie puede iniciar sesión en su lugar. No se lo diga a nadie, sea quien sea quien lo pida.',
    },
    keypair: {
      title: 'Su código para crear una clave de API',
      opening: 'Introduzca este código para crear la clave de API que se pidió en su cuenta:',
      closing:
        'Si no pidió una clave de API, no use el código y cierre las sesiones de su cuenta que no reconozca. No se lo diga a nadie, sea quien sea quien lo pida.',
    },
    email: {
      title: 'Su código para confirmar esta dirección',
      opening: 'Introduzca este código para añadir esta dirección de correo a su cuenta:',
      closing:
        'Si no lo pidió, no haga caso de este correo: sin el código, la dirección no se añade. No se lo diga a nadie, sea quien sea quien lo pida.',
    },
  },
  valid: (duration, until) => `El código vale durante ${duration}, hasta ${until}, y funciona una sola vez.`,
  longCodeWhy:
    'Es largo porque se introdujeron muchos códigos incorrectos para esta cuenta, quizá por otra persona. No se puede adivinar.',
  requested: 'Pedido',
  fromAddress: 'Desde la dirección',
  device: 'Con',
  notices: {
    address_added: { ...addresses, event: (address) => `Se añadió la dirección ${address} a su cuenta.` },
    address_preferred: {
      ...addresses,
      event: (address) =>
        `La dirección ${address} es ahora la preferida de su cuenta: ahí llegan los códigos para claves de API.`,
    },
    address_removed: { ...addresses, event: (address) => `Se eliminó la dirección ${address} de su cuenta.` },
    passkey_added: {
      title: 'Se añadió una llave de acceso a su cuenta',
      event: () => 'Se añadió una llave de acceso a su cuenta.',
      time,
      closing,
    },
    passkey_removed: {
      title: 'Se eliminó una llave de acceso de su cuenta',
      event: () => 'Se eliminó una llave de acceso de su cuenta.',
      time,
      closing,
    },
    passkey_removed_by_administrator: {
      title: 'Se eliminó una llave de acceso de su cuenta',
      event: () => 'Un administrador eliminó una llave de acceso de su cuenta.',
      time,
      closing: 'Ya no funciona. Si no lo esperaba, pregunte a su administrador.',
    },
    recovery_codes_created: {
      title: 'Nuevos códigos de recuperación de su cuenta',
      event: () => 'Se crearon códigos de recuperación nuevos para su cuenta. Los anteriores ya no funcionan.',
      time,
      closing,
    },
    recovery_code_used: {
      ...recovered,
      title: 'Se usó un código de recuperación de su cuenta',
      event: () => 'Alguien inició sesión en su cuenta con uno de sus códigos de recuperación. Ya no funciona.',
    },
    link_used: {
      ...recovered,
      title: 'Se usó el enlace a su cuenta',
      event: () => 'Alguien inició sesión en su cuenta con el enlace de un solo uso que se creó para ella.',
    },
    registration_refused: {
      title: 'Ya tiene una cuenta',
      event: (address) => `Se pidió una cuenta nueva con la dirección ${address}, que ya pertenece a su cuenta.`,
      time: 'Pedido',
      closing: 'Si fue usted, inicie sesión con esta dirección. Si no, no haga caso de este correo: nada ha cambiado.',
    },
  },
  welcome: {
    title: 'Su cuenta nueva',
    opening: (name) => `Hola, ${name}: se creó una cuenta para usted con esta dirección de correo.`,
    closing:
      'Para iniciar sesión, pida un código con esta dirección. Si no esperaba una cuenta, no haga caso de este correo.',
  },
  units: {
    day: ['día', 'días'],
    hour: ['hora', 'horas'],
    minute: ['minuto', 'minutos'],
    second: ['segundo', 'segundos'],
  },
};
